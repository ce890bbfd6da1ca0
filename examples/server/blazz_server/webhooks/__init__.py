"""What subscribers are sent of what happens, and what Meta sends us."""
