-- Who offers what at which price, and who let them in (CT-1 … CT-4). One text for SQLite and PostgreSQL.

-- One row that counts every change of the catalogue: the search index is rebuilt when it moved.
CREATE TABLE catalogue_version (
    id BIGINT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO catalogue_version (id, value) VALUES (1, 0);

CREATE TABLE catalogue_listing (
    provider_id TEXT PRIMARY KEY,
    intro_zh TEXT NOT NULL,
    intro_en TEXT NOT NULL,
    contact TEXT NOT NULL,
    discount_bp BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    submitted_at_us BIGINT
);
CREATE INDEX catalogue_listing_state ON catalogue_listing (state, provider_id);

-- Every change of a listing's state, with who made it and why.
CREATE TABLE catalogue_step (
    provider_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    verb TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    reason TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (provider_id, seq)
);

CREATE TABLE catalogue_service (
    id TEXT PRIMARY KEY,
    provider_id TEXT NOT NULL REFERENCES catalogue_listing (provider_id),
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL
);
CREATE INDEX catalogue_service_provider ON catalogue_service (provider_id, id);

-- What a service was at each version; a row here is never changed, so an order always finds what it was placed on.
CREATE TABLE catalogue_service_version (
    service_id TEXT NOT NULL REFERENCES catalogue_service (id),
    version BIGINT NOT NULL,
    sub_item TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    description_zh TEXT NOT NULL,
    description_en TEXT NOT NULL,
    unit_zh TEXT NOT NULL,
    unit_en TEXT NOT NULL,
    list_price_fen BIGINT NOT NULL,
    discount_bp BIGINT NOT NULL,
    deployment TEXT NOT NULL,
    by_id TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (service_id, version)
);

CREATE VIEW pub_catalogue_listing AS
    SELECT provider_id, discount_bp, state, created_at_us, submitted_at_us FROM catalogue_listing;

CREATE VIEW pub_catalogue_service AS
    SELECT s.id AS service_id, s.provider_id, s.state, s.version, v.sub_item, v.name_zh, v.name_en, v.list_price_fen,
           v.discount_bp, v.deployment
    FROM catalogue_service s
    JOIN catalogue_service_version v ON v.service_id = s.id AND v.version = s.version;
