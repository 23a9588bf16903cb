"""The tutorial's server under gunicorn, one worker for each core: `gunicorn -w <cores> flask_images:app`."""
from flask_tutorial import app, load_model

load_model()

__all__ = ["app"]
