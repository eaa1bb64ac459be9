"""placeholder"""
class DraftError(Exception):
    """x"""
