# expect: succeeded
# output: {"html": "<h1>Title</h1>\n<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>"}
# why: Markdown finds its extensions by entry point, that is by reading package metadata
import markdown


def main():
    text = "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    return {"html": markdown.markdown(text, extensions=["tables"])}
