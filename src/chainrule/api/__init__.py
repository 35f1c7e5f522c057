"""Floor 3: PyTorch's surface over the op table: functions, methods, creation, autograd, printing."""
