"""What scripts call: a file a function of `reswise`, arguments in, a result out."""
