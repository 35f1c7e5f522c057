"""Floor 0: what knows nothing of tensors or derivatives: dtypes, shapes, random streams, messages."""
