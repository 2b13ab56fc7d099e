-- How far each export of the audit log has come.
CREATE TABLE p0_exports (
    name TEXT PRIMARY KEY,
    seq  BIGINT NOT NULL
);

-- Webhooks that get each notice, whichever process makes messages of it.
CREATE TABLE p0_webhooks (
    name TEXT PRIMARY KEY
);

-- By what a server tells people, where it does: other processes leave the messages to it.
CREATE TABLE p0_messengers (
    name TEXT PRIMARY KEY
);
