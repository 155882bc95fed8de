"""From a person's file to a checked AnnData: reading, examining, and the demo sets."""
