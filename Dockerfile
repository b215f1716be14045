# The grader with the learners' half of the course, for the level `container`: docs/container.md.
# No solution is in this image; mount the course that you grade with.
FROM python:3.11-slim
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        bubblewrap libseccomp2 util-linux \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/grader
# torch first and by its exact version: a layer that a change of ours leaves alone.
ARG PIP_EXTRA_INDEX_URL
COPY constraints.txt ./
RUN : "${PIP_EXTRA_INDEX_URL?name the index of torch's CPU builds by --build-arg}" \
    && pip install --no-cache-dir "$(grep '^torch==' constraints.txt)"
COPY pyproject.toml README.md ./
COPY grader grader
COPY exercises exercises
COPY exams exams
RUN pip install --no-cache-dir -c constraints.txt .
# The file system may be read-only but for /tmp and /work.
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 1000 --home-dir /tmp --no-create-home grader
USER 1000:1000
WORKDIR /work
CMD ["grade", "doctor"]
