"""Marks stand where a person would put them. All texts here are made up."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.years.similarity import fold
from pipeline.years.text_diff import Marked, mark


def shown(pieces: Marked) -> str:
    return "".join(f"[{piece.text}]" if piece.changed else piece.text for piece in pieces)


CASES = {
    "a word": (
        "施設の活用を検討する。",
        "空き家の活用を検討する。",
        "[施設]の活用を検討する。",
        "[空き家]の活用を検討する。",
    ),
    "a word of several characters is marked whole": (
        "市民活動支援センターの窓口で市民活動促進事業を紹介する。",
        "市民活動支援センターの窓口で市民活動応援事業を紹介する。",
        "市民活動支援センターの窓口で[市民活動促進事業]を紹介する。",
        "市民活動支援センターの窓口で[市民活動応援事業]を紹介する。",
    ),
    "a number, and not the year around it": (
        "平成24年度に実施した。",
        "平成25年度に実施した。",
        "平成[24]年度に実施した。",
        "平成[25]年度に実施した。",
    ),
    "small islands between changes are marked with them": (
        "市報の内容を見直し、毎月配布している。",
        "市報の紙面と装丁を改め、毎月配布している。",
        "市報の[内容を見直し]、毎月配布している。",
        "市報の[紙面と装丁を改め]、毎月配布している。",
    ),
    "words with a comma between them are one phrase": (
        "自治会と協力して公園、花壇を清掃していく。",
        "自治会と協力して緑地、街路を清掃していく。",
        "自治会と協力して[公園、花壇]を清掃していく。",
        "自治会と協力して[緑地、街路]を清掃していく。",
    ),
    "a longer phrase between two changes is kept": (
        "市民の意見をこれからもよく聞きながら検討していく。",
        "市民の要望をこれからもよく調べながら検討していく。",
        "市民の[意見]をこれからもよく[聞きながら]検討していく。",
        "市民の[要望]をこれからもよく[調べながら]検討していく。",
    ),
    "the end of a sentence parts two changes": (
        "自治会の協力で公園を清掃。花壇は市が受け持っている。",
        "自治会の協力で公園を整備。街路は市が受け持っている。",
        "自治会の協力で公園を[清掃]。[花壇]は市が受け持っている。",
        "自治会の協力で公園を[整備]。[街路]は市が受け持っている。",
    ),
    "brackets are marked only where they change": (
        "「公園」、「花壇」を清掃していく。",
        "「公園」と「花壇」を清掃していく。",
        "「公園」[、]「花壇」を清掃していく。",
        "「公園」[と]「花壇」を清掃していく。",
    ),
    "one character for several": (
        "㈱山口の協力を得た。",
        "(株)山口の協力を得た。",
        "[㈱]山口の協力を得た。",
        "[(株)]山口の協力を得た。",
    ),
    "a new sentence": (
        "継続して実施していく。",
        "継続して実施していく。来年は電子版とする。",
        "継続して実施していく。",
        "継続して実施していく。[来年は電子版とする。]",
    ),
    "a sentence that is gone": (
        "調べた。知らせた。直した。",
        "調べた。直した。",
        "調べた。[知らせた。]直した。",
        "調べた。直した。",
    ),
    "little in common": (
        "アンケートを毎年度実施しており、引き続き実施していく。",
        "平成25年から隔年で調べることにした。",
        "[アンケートを毎年度実施しており、引き続き実施していく。]",
        "[平成25年から隔年で調べることにした。]",
    ),
    "a bracket's content": (
        "研修会(年二回)を開く。",
        "研修会(年四回)を開く。",
        "研修会([年二回])を開く。",
        "研修会([年四回])を開く。",
    ),
    "width and white space": (
        "ＰＲを ﾎｰﾑﾍﾟｰｼﾞで行う。",
        "PRをホームページで行う。",
        "ＰＲを ﾎｰﾑﾍﾟｰｼﾞで行う。",
        "PRをホームページで行う。",
    ),
    "width beside a change": (
        "ＰＲを ﾎｰﾑﾍﾟｰｼﾞで行う予定。",
        "PRをホームページで行う計画。",
        "ＰＲを ﾎｰﾑﾍﾟｰｼﾞで行う[予定]。",
        "PRをホームページで行う[計画]。",
    ),
    "a line break that moved": (
        "公園を清掃した。\n花を植えた。",
        "公園を清掃した。花を\n二度植えた。",
        "公園を清掃した。\n花を[植]えた。",
        "公園を清掃した。花を\n[二度植]えた。",
    ),
    "nothing before": ("", "始めた。", "", "[始めた。]"),
    "nothing after": ("終えた。", "", "[終えた。]", ""),
    "nothing at all": ("", "", "", ""),
}


@pytest.mark.parametrize(("old", "new", "struck", "underlined"), CASES.values(), ids=CASES)
def test_marks_stand_where_a_person_would_put_them(old: str, new: str, struck: str, underlined: str) -> None:
    before, after = mark(old, new)
    assert (shown(before), shown(after)) == (struck, underlined)


texts = st.one_of(
    st.lists(
        st.sampled_from(
            ["市民", "活動", "の", "を", "センター", "、", "。", "24", "ＰＲ", "ｶﾞ", "(", ")", " ", "\n", "する"]
        )
    ).map("".join),
    st.text(max_size=40),
)


@given(texts, texts)
def test_the_pieces_joined_are_the_texts_and_none_is_empty(old: str, new: str) -> None:
    before, after = mark(old, new)
    assert "".join(piece.text for piece in before) == old
    assert "".join(piece.text for piece in after) == new
    for pieces in (before, after):
        assert all(piece.text for piece in pieces)
        assert all(one.changed != other.changed for one, other in pairwise(pieces))


@given(texts, texts)
def test_what_is_not_marked_says_the_same_in_both(old: str, new: str) -> None:
    before, after = mark(old, new)
    kept = ["".join(fold(piece.text) for piece in pieces if not piece.changed) for pieces in (before, after)]
    assert fold(kept[0]) == fold(kept[1])


@given(texts)
@example("㈱\n山口。")
def test_a_text_that_changed_only_in_width_and_white_space_has_no_marks(text: str) -> None:
    for same in (text, fold(text)):
        assert not any(piece.changed for pieces in mark(text, same) for piece in pieces)


@pytest.mark.parametrize("same", ["", "花と" * 5_000])
@pytest.mark.parametrize("word", ["の市", "公園、", "一二三四五六七八九十、。のを"])
def test_the_longest_cells_are_marked_whole(word: str, same: str) -> None:
    old, new = ((same + one * 20_000)[:20_000] for one in (word, word + "は"))
    before, after = mark(old, new)
    assert "".join(piece.text for piece in before) == old
    assert "".join(piece.text for piece in after) == new
