"""Chinese search without a dictionary: pages and questions are cut into pairs of neighbouring characters.

Sphinx's own index of Chinese holds the words that jieba finds, but the page looks for a question uncut, so that a
question of two words finds nothing. Pairs need no dictionary, and are cut alike when the index is built and when it
is asked.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage
from sphinx.search.en import SearchEnglish

HAN = re.compile(r"[\u3400-\u9fff]+")
WORD = re.compile(r"[^\W\u3400-\u9fff]+")

SPLITTER = r"""
function splitQuery(query) {
  const pairs = (run) => run.length < 2 ? [run] : Array.from(run.slice(1), (_, k) => run.slice(k, k + 2));
  const han = query.match(/[\u3400-\u9fff]+/g) || [];
  const words = query.match(/(?:(?![\u3400-\u9fff])[\p{L}\p{N}_])+/gu) || [];
  return han.flatMap(pairs).concat(words);
}
"""


def pairs(run: str) -> list[str]:
    """The neighbouring pairs of a run of characters; a single character is its own pair.

    >>> pairs("遗忘门")
    ['遗忘', '忘门']
    """
    return [run[k : k + 2] for k in range(max(1, len(run) - 1))]


class SearchChinese(SearchLanguage):
    """Sphinx's search in Chinese, with English words stemmed."""

    lang = "zh"
    language_name = "English"  # the stemmer that the page looks for by this name
    stopwords = SearchEnglish.stopwords
    js_stemmer_rawcode = SearchEnglish.js_stemmer_rawcode
    js_splitter_code = SPLITTER

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.english = SearchEnglish(options)

    def split(self, input: str) -> list[str]:
        return [pair for run in HAN.findall(input) for pair in pairs(run)] + WORD.findall(input)

    def stem(self, word: str) -> str:
        return self.english.stem(word)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_search_language(SearchChinese)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
