"""What people and programs see: the pages, the JSON interface, the worker, the commands."""
