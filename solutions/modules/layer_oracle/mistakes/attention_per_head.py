"""You multiplied the attention by the number of heads. The heads share out the width, so their
number changes no count.
caught by: check_item
"""


def answer(question):
    return question.answer("attention_per_head")
