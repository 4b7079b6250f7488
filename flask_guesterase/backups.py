"""What a host reports about the backups it makes.

``guesterase.backups(lambda: [Backup("database", finished_at, hours=26)])``
"""

from .core.backup import Backup

__all__ = ["Backup"]
