-- A message has one recipient, and the outside's reference to it: what to edit when the request moves on.

ALTER TABLE p0_effects ADD COLUMN recipient TEXT;
ALTER TABLE p0_effects ADD COLUMN reference TEXT;
CREATE INDEX p0_effects_reference ON p0_effects (request, recipient) WHERE reference IS NOT NULL;
