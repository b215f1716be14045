"""The right answers, with as few causes as are worth enough, and another row of evidence."""


def answer(question):
    right = question.answer()
    for count in range(1, 6):
        fewer = right["causes"][:count]
        if question.score(fewer) >= 0.7:
            break
    return {**right, "causes": fewer, "evidence": question.clues[-1]}
