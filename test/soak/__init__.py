# SPDX-License-Identifier: BSD-3-Clause
"""A soak: faults and user actions at random, and what must hold all along.
`test/soak.sh` runs it."""
