"""Our `grade bulk` beside otter-grader and nbgrader: the same submissions, the same checks."""
