"""Published event types, one file per module; data only. This is what readers of the bus see."""
