"""The eleven values of the worksheet, and an explanation that uses them."""

PAGE = """\
A network of two inputs, two hidden units and one output predicts a number, and one step of
training makes the prediction a little better. I follow it once, with real numbers.

The forward pass comes first. Unit {live} adds up its weighted inputs and its bias and gets
{z_live}. That is positive, so the ReLU lets it pass. Unit {dead} gets {z_dead}, which is
negative, so the ReLU gives zero: this unit is dead for today's example. The output adds the
active unit times its weight and a bias, and predicts {prediction}.

The target was {y}. The loss is half the squared difference, {loss}. Nothing else of the network's
quality is known from here on; whatever we want to improve has to pass through this single number.

Now we ask of every parameter: if it grew by a hair, how would the loss change? That slope is its
gradient, and the chain rule delivers all of them in one sweep from the back. Each layer is handed
the slope of the loss by its own output, and multiplies it by its own slope before it hands the
result down. At the output the slope by the prediction is simply the difference, {error}. The
output weight of the active unit met the value {z_live} on the way up, so its gradient is the
product, {dw_out}; the gradient of both output weights together has shape (1, 2), and its other
entry is zero because a dead unit contributed nothing.

Going down, the difference is multiplied by the output weights, transposed, since what fanned in
on the way up fans out on the way back. For the active unit that gives {dz_live}. For the dead one
the ReLU's slope is zero, and everything behind it gets nothing. Each weight into the active unit
then receives {dz_live} times the input it met: {dw_first} and {dw_second}. The gradient of the
first layer has the shape of its weights, (2, 2), with a row of zeros. With a batch, such matrices
would be averaged over its rows.

Only when every gradient is known does the update begin. A gradient points uphill, so the
optimizer subtracts a tenth of it, our learning rate, from each parameter. The output weight
becomes {new_out}, the weights of the active unit become {new_first} and {new_second}, and the
biases move likewise. A larger rate might overshoot.

Without the chain rule we would nudge each of nine parameters and run the network again each time.
The backward sweep costs about as much as two forward passes, for nine parameters or nine billion.
"""


def answer(question):
    sheet = question.sheet
    if question.item != "explanation":
        return round(float(sheet.values[question.item]), 6)
    return explained(sheet)


def explained(sheet):
    numbers = {name: f"{float(value):.4g}" for name, value in sheet.values.items()}
    live = active(sheet.given)
    error = f"{float(sheet.values['prediction'] - sheet.given['y']):.4g}"
    y = f"{float(sheet.given['y']):g}"
    return PAGE.format(live=live, dead=3 - live, error=error, y=y, **numbers)


def active(g):
    """1 or 2: the hidden unit whose pre-activation is positive."""
    return 1 if g["w11"] * g["x1"] + g["w12"] * g["x2"] + g["b1"] > 0 else 2
