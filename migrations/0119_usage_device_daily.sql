-- How much of what an enterprise's devices should have reported on a day they did report.
ALTER TABLE usage_device_daily ADD COLUMN readings BIGINT NOT NULL DEFAULT 0;
-- 0: the thing models state no rate, so there is no share.
ALTER TABLE usage_device_daily ADD COLUMN readings_expected BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_device_daily ADD COLUMN devices_registered BIGINT NOT NULL DEFAULT 0;
