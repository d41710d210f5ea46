-- directory, from revision 2 to 3: what the tables of the former release lack, where they are.
-- Names are unqualified: the caller sets the search path. It runs again and again, so each statement asks whether it is
-- needed. Each new column has the default that the rows of a former log lead to: the former release never wrote the
-- events that would lead to others, and it goes on writing while it is replaced.

ALTER TABLE organizations ADD COLUMN IF NOT EXISTS settings json NOT NULL DEFAULT '{}';
