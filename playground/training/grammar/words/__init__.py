"""Words with what stories must know about them: kinds, uses, places, likely adjectives."""
