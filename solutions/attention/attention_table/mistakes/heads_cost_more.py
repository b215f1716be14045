"""You counted the projections once per head. The heads share out the same C columns.
caught by: check_fact
"""


def answer(question):
    return question.answer("heads_cost_more")
