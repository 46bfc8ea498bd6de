"""Before anything imports it: failures of the kit show the two sets that differ."""

import pytest

pytest.register_assert_rewrite("tests.rest_kit.kit")
