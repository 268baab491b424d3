"""Marks stand where a person would put them. All texts here are made up."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.years.similarity import fold
from pipeline.years.text_diff import Marked, mark, okurigana


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
        "公園を清掃した。\n花を植えた。",
        "公園を清掃した。花を\n[二度]植えた。",
    ),
    "a number of several groups of digits": (
        "延べ1,120人が参加した。",
        "延べ1,034人が参加した。",
        "延べ[1,120]人が参加した。",
        "延べ[1,034]人が参加した。",
    ),
    "a sentence of a text of which all others are new": (
        "相談の窓口を市民課に設けている。広報紙で周知した。",
        "職員が各地区を訪ねて説明する。相談の窓口を市民課と各支所に設けている。動画は6月に公開し、好評であった。",
        "相談の窓口を市民課に設けている。[広報紙で周知した。]",
        "[職員が各地区を訪ねて説明する。]相談の窓口を市民課[と各支所]に設けている。[動画は6月に公開し、好評であった。]",
    ),
    "sentences are compared with those that are like them": (
        "地域で子どもを育てる。相談の窓口を増やした。会場を市民会館に移した。",
        "相談の窓口を増やしている。会場を学習館に移した。",
        "[地域で子どもを育てる。]相談の窓口を[増やした]。会場を[市民会館]に移した。",
        "相談の窓口を[増やしている]。会場を[学習館]に移した。",
    ),
    "a sentence that became two": (
        "指針を作成し、講座を年に三回開催した。",
        "指針を作成した。講座を年に四回開催した。",
        "指針を作成[し、]講座を年に[三回開催]した。",
        "指針を作成[した。]講座を年に[四回開催]した。",
    ),
    "a comma after the last digit": ("参加者は12,", "参加者は13,", "参加者は[12],", "参加者は[13],"),
    "a mark of iteration and a long vowel belong to their words": (
        "人々のメーターの確認を行う。",
        "人人のメータの確認を行う。",
        "[人々のメーター]の確認を行う。",
        "[人人のメータ]の確認を行う。",
    ),
    "words that come again and again between two changes": (
        f"駅前を{'市の花と、' * 60}清掃する。",
        f"公園を{'市の花と、' * 60}見回る。",
        f"[駅前]を{'市の花と、' * 60}[清掃する]。",
        f"[公園]を{'市の花と、' * 60}[見回る]。",
    ),
    "nothing before": ("", "始めた。", "", "[始めた。]"),
    "nothing after": ("終えた。", "", "[終えた。]", ""),
    "nothing at all": ("", "", "", ""),
}


@pytest.mark.parametrize(("old", "new", "struck", "underlined"), CASES.values(), ids=CASES)
def test_marks_stand_where_a_person_would_put_them(old: str, new: str, struck: str, underlined: str) -> None:
    before, after = mark(old, new)
    assert (shown(before), shown(after)) == (struck, underlined)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("図った", "行った"),
        ("図る", "図った"),
        ("進めている", "進める"),
        ("見直した", "見直す"),
        ("見直した", "改めた"),
        ("目指す", "目指した"),
        ("増やした", "減らした"),
        ("広がった", "広がる"),
        ("生かす", "生かした"),
        ("分からない", "分かった"),
        ("示された", "示した"),
        ("学んだ", "学んでいる"),
        ("行いながら", "行った"),
        ("積もった", "積もる"),
        ("少なくした", "少なくする"),
        ("取扱った", "取扱う"),
        ("新しくした", "新しくする"),
        ("速やかだった", "速やかになった"),
        ("子ども", "子"),
    ],
)
def test_no_mark_cuts_a_word_before_its_okurigana(old: str, new: str) -> None:
    sentences = [f"市では、市民と協力して、この地区の活動を{word}。" for word in (old, new)]
    before, after = mark(*sentences)
    for pieces, word in ((before, old), (after, new)):
        assert shown(pieces).startswith("市では、市民と協力して、この地区の活動を[" + word[0])


@pytest.mark.parametrize(
    ("kanji", "hiragana", "own"),
    [
        ("施設", "の", ""),
        ("市", "が", ""),
        ("春", "から", ""),
        ("市", "との", ""),
        ("実施", "していく", ""),
        ("活用", "されている", ""),
        ("必要", "な", ""),
        ("団体", "などの", ""),
        ("関", "するもの", "する"),
        ("行", "うとともに", "う"),
        ("行", "うこととし", "う"),
        ("図", "るため", "る"),
        ("分", "かりやすい", "かりやすい"),
        ("取扱", "いについて", "い"),
        ("市民向", "けの", "け"),
        ("特", "に", "に"),
    ],
)
def test_what_follows_a_word_is_no_okurigana(kanji: str, hiragana: str, own: str) -> None:
    assert hiragana[: okurigana(kanji, hiragana)] == own


texts = st.one_of(
    st.lists(
        st.sampled_from(
            [
                "市民",
                "活動",
                "の",
                "を",
                "センター",
                "、",
                "。",
                "24",
                "ＰＲ",
                "ｶﾞ",
                "(",
                ")",
                " ",
                "\n",
                "する",
                "図った",
                "行う",
                "子ど",
                "1,0",
                "ん\u3099",
            ]
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
