-- What a server must not lose: requests, what is still to be done for them, what was told, and who did what.
-- One text for SQLite and PostgreSQL. Times are milliseconds since 1970; bodies are JSON.

CREATE TABLE p0_requests (
    id         TEXT PRIMARY KEY,
    version    BIGINT NOT NULL,
    state      TEXT NOT NULL,
    requester  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    cluster    TEXT NOT NULL,
    opened_at  BIGINT NOT NULL,
    expires_at BIGINT,
    next_due   BIGINT,
    body       TEXT NOT NULL
);
CREATE INDEX p0_requests_due ON p0_requests (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX p0_requests_opened ON p0_requests (opened_at, id);

CREATE TABLE p0_effects (
    key         TEXT PRIMARY KEY,
    request     TEXT NOT NULL REFERENCES p0_requests (id),
    kind        TEXT NOT NULL,
    urgency     BIGINT NOT NULL,
    body        TEXT NOT NULL,
    since       BIGINT NOT NULL,
    due         BIGINT NOT NULL,
    claims      BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0,
    done        BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT
);
CREATE INDEX p0_effects_waiting ON p0_effects (urgency, due) WHERE done = 0;
CREATE INDEX p0_effects_request ON p0_effects (request);

CREATE TABLE p0_notices (
    key       TEXT PRIMARY KEY,
    request   TEXT NOT NULL REFERENCES p0_requests (id),
    recipient TEXT NOT NULL,
    at        BIGINT NOT NULL,
    body      TEXT NOT NULL
);
CREATE INDEX p0_notices_request ON p0_notices (request, at);

-- Each line holds the hash of the one before it, so that none can be changed, left out or put between.
CREATE TABLE p0_audit (
    seq     BIGINT PRIMARY KEY,
    request TEXT NOT NULL,
    line    TEXT NOT NULL,
    hash    TEXT NOT NULL
);
CREATE INDEX p0_audit_request ON p0_audit (request, seq);

-- The end of the log, locked by whoever writes the next line, and the latest time that was ever written.
CREATE TABLE p0_head (
    the_only BIGINT PRIMARY KEY CHECK (the_only = 1),
    seq      BIGINT NOT NULL,
    hash     TEXT NOT NULL,
    seen     BIGINT NOT NULL
);
INSERT INTO p0_head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);
