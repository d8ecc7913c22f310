"""Looking into a Backpack and changing what its senses do."""
