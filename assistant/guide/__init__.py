"""A content pack as values: entries, facts, routines, vocabulary. No file is read here."""
