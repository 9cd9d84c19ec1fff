"""placeholder"""
from pages import _ui
_ui.page_header('evaluate', 'Being built.')
