"""Speech models: which there are, where they are, whether they are whole, and how to get one."""
