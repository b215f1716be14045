"""You exchanged key and value. The key is what is compared, the value what is handed over.
caught by: check_fact
"""


def answer(question):
    return question.answer("key_taken_for_value")
