"""You went through a graph twice. The first backward frees what it kept, so the second raises,
unless retain_graph=True.
caught by: check_item
"""


def answer(question):
    return question.answer("graph_stays")
