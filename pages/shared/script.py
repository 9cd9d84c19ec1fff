"""What runs for each visitor at each step; `app.py` serves it."""

from pages.shared import frame

if __name__ == "__main__":
    frame.show()
