"""What gunicorn serves: `gunicorn wsgi:app`."""

from fieldops import create_app

app = create_app()
