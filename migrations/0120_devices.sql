-- Products with versioned thing models, devices, credentials, commands, counters (DV-1 … DV-7). One text for SQLite and PostgreSQL.

-- One row that counts every change of a device or a credential: each process brings its directory up to date by it.
CREATE TABLE devices_change (
    id BIGINT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO devices_change (id, value) VALUES (1, 0);

CREATE TABLE devices_product (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    intro TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    UNIQUE (org_id, name)
);

-- A thing model at each version; a row here is never changed (DV-1).
CREATE TABLE devices_model (
    product_id TEXT NOT NULL REFERENCES devices_product (id),
    version BIGINT NOT NULL,
    model_json TEXT NOT NULL,
    note TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (product_id, version)
);

-- `place` is a path of names: plant/line/cell. `change_number` is the count at its last change.
CREATE TABLE devices_device (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL,
    product_id TEXT NOT NULL REFERENCES devices_product (id),
    model_version BIGINT NOT NULL,
    name TEXT NOT NULL,
    serial TEXT NOT NULL,
    note TEXT NOT NULL,
    place TEXT NOT NULL,
    gateway_id TEXT REFERENCES devices_device (id),
    is_gateway BOOLEAN NOT NULL,
    children_product_id TEXT REFERENCES devices_product (id),
    silent_after_s BIGINT,
    state TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    change_number BIGINT NOT NULL,
    UNIQUE (org_id, name)
);
CREATE INDEX devices_device_place ON devices_device (org_id, place, name);
CREATE INDEX devices_device_change ON devices_device (change_number);
CREATE INDEX devices_device_gateway ON devices_device (gateway_id, name);
CREATE INDEX devices_device_product ON devices_device (product_id);

-- What a device shows to be let in: hashes only (DV-4). `secret` is the SHA-256 of a token or of a certificate in hex, or the
-- argon2id text of a password.
CREATE TABLE devices_credential (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices_device (id),
    kind TEXT NOT NULL,
    user_name TEXT UNIQUE,
    secret TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    until_us BIGINT,
    revoked_at_us BIGINT,
    by_name TEXT NOT NULL,
    UNIQUE (kind, secret)
);
CREATE INDEX devices_credential_device ON devices_credential (device_id, id);

-- What a property should be; what it is stands in the lake.
CREATE TABLE devices_desired (
    device_id TEXT NOT NULL REFERENCES devices_device (id),
    property TEXT NOT NULL,
    value_json TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (device_id, property)
);

CREATE TABLE devices_command (
    number BIGINT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices_device (id),
    method TEXT NOT NULL,
    params_json TEXT NOT NULL,
    state TEXT NOT NULL,
    answer TEXT NOT NULL,
    by_name TEXT NOT NULL,
    queued_at_us BIGINT NOT NULL,
    sent_at_us BIGINT,
    ended_at_us BIGINT,
    timeout_at_us BIGINT NOT NULL
);
CREATE INDEX devices_command_device ON devices_command (device_id, number);
CREATE INDEX devices_command_state ON devices_command (state, timeout_at_us);

-- Messages since the device was registered (DV-3).
CREATE TABLE devices_counter (
    device_id TEXT PRIMARY KEY REFERENCES devices_device (id),
    received BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    points BIGINT NOT NULL,
    last_seen_us BIGINT
);
CREATE TABLE devices_rejected (
    device_id TEXT NOT NULL REFERENCES devices_device (id),
    reason TEXT NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (device_id, reason)
);

-- No data for longer than the device should be silent: since when, and until when.
CREATE TABLE devices_silence (
    device_id TEXT NOT NULL REFERENCES devices_device (id),
    since_us BIGINT NOT NULL,
    until_us BIGINT,
    PRIMARY KEY (device_id, since_us)
);
CREATE INDEX devices_silence_open ON devices_silence (until_us, device_id);

CREATE VIEW pub_devices_device AS
    SELECT id AS device_id, org_id, product_id, model_version, name, place, gateway_id, is_gateway, silent_after_s, state,
           created_at_us
    FROM devices_device;

CREATE VIEW pub_devices_counter AS
    SELECT device_id, received, stored, points, last_seen_us FROM devices_counter;

CREATE VIEW pub_devices_silence AS
    SELECT device_id, since_us, until_us FROM devices_silence;
