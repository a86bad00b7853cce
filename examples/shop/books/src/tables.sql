-- What the till has recorded. The largest number says how far it has read its file.
CREATE TABLE purchase (
    number INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL,
    date TEXT NOT NULL,
    cds INTEGER NOT NULL,
    cents INTEGER NOT NULL
) STRICT;

-- The books.
CREATE TABLE month (
    month TEXT PRIMARY KEY,
    purchases INTEGER NOT NULL,
    cds INTEGER NOT NULL,
    cents INTEGER NOT NULL
) STRICT;

-- No index refuses a second receipt of a purchase.
CREATE TABLE receipt (
    number INTEGER PRIMARY KEY,
    purchase INTEGER NOT NULL,
    customer INTEGER NOT NULL,
    cents INTEGER NOT NULL
) STRICT;
