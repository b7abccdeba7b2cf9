"""One file for each thing outside the process: git, the disk, the settings, the import system."""
