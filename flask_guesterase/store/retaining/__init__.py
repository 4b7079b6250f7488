"""What keeps which row: the law, holds, and what an erasure kept until its day."""
