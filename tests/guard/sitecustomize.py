"""Found by every Python process that a test starts, through PYTHONPATH: the guard holds there too."""

import rehub_test_guard

rehub_test_guard.install()
