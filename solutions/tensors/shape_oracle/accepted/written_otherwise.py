"""The right answers in other words: shapes as text, dtypes with their prefix, quoted yes and no."""


def answer(question):
    right = question.answer()
    if right["shape"] == "error":
        return {"shape": "error", "dtype": "error", "shares_memory": "na"}
    return {
        "shape": str(tuple(right["shape"])),
        "dtype": f"torch.{right['dtype']}",
        "shares_memory": "yes" if right["shares_memory"] is True else "no",
    }
