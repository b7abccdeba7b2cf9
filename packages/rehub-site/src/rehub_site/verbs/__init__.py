"""One use case each: submit, examine, publish, search."""
