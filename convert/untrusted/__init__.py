"""What a stranger sends is looked at, whole, before anything of it is run."""
