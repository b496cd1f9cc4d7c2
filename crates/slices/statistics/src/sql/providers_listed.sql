-- Providers listed today; the catalogue keeps no history of its public state.
SELECT COUNT(*) AS n FROM pub_catalogue_listing WHERE state = 'listed'
