"""From year to year: which item goes on in which, what changed on the way, and the next edition's draft."""
