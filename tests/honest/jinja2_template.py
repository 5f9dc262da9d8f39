# expect: succeeded
# output: {"text": "1. Ann, 2. &lt;Ben&gt;"}
# why: Jinja2 compiles a template to code and runs it
from jinja2 import Environment


def main():
    source = "{% for item in items %}{{ loop.index }}. {{ item|title }}{% if not loop.last %}, {% endif %}{% endfor %}"
    return {"text": Environment(autoescape=True).from_string(source).render(items=["ann", "<ben>"])}
