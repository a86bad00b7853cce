CREATE TABLE event_outbox_delivery (
    -- AUTOINCREMENT, since without it the number of a deleted row is used again, and an old fence would fit.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    handler TEXT NOT NULL,
    event TEXT NOT NULL,
    version INTEGER NOT NULL,
    key TEXT,
    body BLOB NOT NULL,
    -- When it may be claimed: new, after a failure, or since its lease lapsed. Milliseconds since 1970, as all times.
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    token INTEGER NOT NULL,
    owner BLOB CHECK (length(owner) = 16),
    crashes INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (event_id, handler)
) STRICT;

-- By handler first, so that rows of a handler that this program lacks are never walked over.
CREATE INDEX event_outbox_delivery_due ON event_outbox_delivery (handler, due_at, seq);

CREATE INDEX event_outbox_delivery_key ON event_outbox_delivery (handler, key, seq) WHERE key IS NOT NULL;

CREATE TABLE event_outbox_dead (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id BLOB NOT NULL CHECK (length(event_id) = 16),
    handler TEXT NOT NULL,
    event TEXT NOT NULL,
    version INTEGER NOT NULL,
    key TEXT,
    body BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    reason TEXT NOT NULL,
    cause TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    died_at INTEGER NOT NULL
) STRICT;

CREATE INDEX event_outbox_dead_died ON event_outbox_dead (died_at);
