"""The tutorial's server with a text in the place of the image, one worker for each core: `gunicorn -w <cores> flask_text:app`."""
import os

import flask
import keras
import tensorflow as tf

app = flask.Flask(__name__)
model = keras.models.load_model(os.environ["MODEL"])


def scores(texts):
    """As the tutorial asks a model, or by the call that Keras advises for small batches."""
    if os.environ.get("CALL"):
        return model(texts, training=False).numpy()
    return model.predict(texts, verbose=0)


@app.route("/predict", methods=["POST"])
def predict():
    preds = scores(tf.constant([[flask.request.get_json()["text"]]]))
    data = {"success": True, "predictions": []}
    for index in preds[0].argsort()[-5:][::-1]:
        data["predictions"].append({"label": str(index), "probability": float(preds[0][index])})
    return flask.jsonify(data)
