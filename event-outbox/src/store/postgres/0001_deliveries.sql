CREATE TABLE event_outbox_delivery (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    handler text NOT NULL,
    event text NOT NULL,
    version bigint NOT NULL,
    key text,
    body bytea NOT NULL,
    -- When it may be claimed: new, after a failure, or since its lease lapsed.
    due_at timestamptz NOT NULL,
    attempts bigint NOT NULL,
    token bigint NOT NULL,
    owner uuid,
    crashes bigint NOT NULL,
    last_error text,
    created_at timestamptz NOT NULL,
    UNIQUE (event_id, handler)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- By handler first, so that rows of a handler that this program lacks are never walked over.
CREATE INDEX event_outbox_delivery_due ON event_outbox_delivery (handler, due_at, seq);

CREATE INDEX event_outbox_delivery_key ON event_outbox_delivery (handler, key, seq) WHERE key IS NOT NULL;

CREATE TABLE event_outbox_dead (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    handler text NOT NULL,
    event text NOT NULL,
    version bigint NOT NULL,
    key text,
    body bytea NOT NULL,
    attempts bigint NOT NULL,
    crashes bigint NOT NULL,
    reason text NOT NULL,
    cause text NOT NULL,
    created_at timestamptz NOT NULL,
    died_at timestamptz NOT NULL
);

CREATE INDEX event_outbox_dead_died ON event_outbox_dead (died_at);

-- Who has to be alive: each owner holds the advisory lock with this number as long as its process lives.
CREATE TABLE event_outbox_owner (
    owner uuid PRIMARY KEY,
    lock bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
